#!/usr/bin/env python3
"""`epfleet timing kernels` and `timing fit`: tables in, predictions and profiles out, and what is
said about tables that are wrong."""

import csv
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.program import REFERENCE, SOURCE, ProgramTest, main  # noqa: E402

H100 = SOURCE / "tests" / "validation" / "h100"
# Two products of the H800 table of DeepGEMM's README at m = 64.
DENSE = "name,m,n,k,us\nqkv_down,64,2112,7168,9.4\no_proj,64,7168,16384,44.7\n"


class TimingKernelsTest(ProgramTest):
    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def test_predictions_are_appended(self):
        table = self.write("gemm_dense.csv", DENSE)
        shown = self.epfleet("timing", "kernels", table, "--hardware", "h800").stdout.splitlines()
        self.assertEqual(shown[0], "name,m,n,k,us,predicted_us,error_ratio")
        self.assertRegex(shown[-1], r"^# gemm_dense: 2 rows, mean error [\d.]+ %, p90 [\d.]+ %")
        for row in csv.DictReader(shown[:3]):
            ratio = float(row["predicted_us"]) / float(row["us"]) - 1.0
            self.assertAlmostEqual(float(row["error_ratio"]), ratio, delta=2e-4)
        out = self.epfleet("timing", "kernels", table, "--hardware", "h800", "--out", "o.csv").stdout
        self.assertEqual((self.folder / "o.csv").read_text().splitlines(), shown[:3])
        self.assertEqual("# " + out, shown[-1] + "\n")

    def test_the_kernel_is_named_by_option_column_or_file(self):
        other = self.write("mine.csv", DENSE)
        self.assertIn("does not say which kernel",
                      self.refused("timing", "kernels", other, "--hardware", "h800"))
        by_option = self.epfleet("timing", "kernels", other, "--hardware", "h800", "--kernel",
                                 "gemm_dense").stdout
        column = "kernel," + DENSE.replace("\nq", "\ndense,q").replace("\no", "\ndense,o")
        named = self.epfleet("timing", "kernels", self.write("b.csv", column), "--hardware",
                             "h800").stdout
        file = self.epfleet("timing", "kernels", self.write("my_gemm_dense_2.csv", DENSE),
                            "--hardware", "h800").stdout
        errors = [re.search(r"mean error (\S+)", text).group(1)
                  for text in (by_option, named, file)]
        self.assertEqual(len(set(errors)), 1, errors)

    def test_the_sustained_clock_is_never_faster(self):
        table = self.write("attn_prefill.csv", "batch,q_len,prefix,us\n2,4096,0,1975\n")
        times = []
        for clock in ("cool", "sustained"):
            rows = self.epfleet("timing", "kernels", table, "--hardware", "h100", "--clock",
                                clock).stdout.splitlines()
            times.append(float(rows[1].split(",")[-2]))
        self.assertLess(times[0], times[1])

    def test_what_is_wrong_is_said_with_its_place(self):
        for text, said in [
                ("", "gemm_dense.csv: the file is empty"),
                ("name,m,n,k,us\n", "no row follows the header"),
                ("name,m,n,us\na,1,2,3\n", "gemm_dense.csv:1: the column k is missing"),
                (DENSE + "a,b,1,1,1\n", "gemm_dense.csv:4:3: m: 'b' is not a whole number"),
                (DENSE + "a,1,1,1,nan\n", "gemm_dense.csv:4:9: us: 'nan' is not a number"),
                (DENSE + "a,1,1,1,0\n", "gemm_dense.csv:4:9: us: '0' is not above 0"),
                (DENSE + "a,0,1,1,1\n", "m: '0' is not between 1 and"),
                (DENSE + "a,1,1\n", "gemm_dense.csv:4:6: 3 fields where the header has 5"),
                ("kernel," + DENSE.replace("\n", "\nfast,", 2), "'fast' is not a kernel")]:
            table = self.write("gemm_dense.csv", text)
            self.assertIn(said, self.refused("timing", "kernels", table, "--hardware", "h800"))
        table = self.write("gemm_dense.csv", DENSE)
        for arguments, said in [(["--hardware", "h900"], "there is no part 'h900'"),
                                (["--hardware", "h800", "--kernel", "fast"], "is one of"),
                                (["--hardware", "h800", "--clock", "warm"], "--clock")]:
            self.assertIn(said, self.refused("timing", "kernels", table, *arguments))
        self.assertIn("no_such.csv",
                      self.refused("timing", "kernels", "no_such.csv", "--hardware", "h800"))

    def test_a_fit_makes_a_profile_that_fits(self):
        # A GPU whose weights come at 2 TB/s and 5 us late: 5 + bytes / 2e6 us.
        rows = []
        for n, k in ((2112, 7168), (7168, 16384), (24576, 1536)):
            for m in (16, 32, 64):
                moved = m * k + n * k + 2 * m * n
                rows.append(f"x,{m},{n},{k},{5 + moved / 2e6:.3f}")
        table = self.write("gemm_dense.csv", "name,m,n,k,us\n" + "\n".join(rows) + "\n")
        said = self.epfleet("timing", "fit", table, "--base", "h800", "--out", "mine.yaml").stdout
        self.assertIn("FP8 products: 9 rows", said)
        error = self.epfleet("timing", "kernels", table, "--hardware", "mine.yaml").stdout
        self.assertLess(float(re.search(r"mean error (\S+)", error).group(1)), 0.5)
        # the profile is a part like any other
        scenario = self.write("s.yaml", f"extends: {SOURCE}/configs/quick.yaml\n"
                                        "hardware: mine.yaml\n")
        self.epfleet("check", scenario)

    def test_a_fit_says_what_the_rows_cannot_tell(self):
        table = self.write("gemm_dense.csv", DENSE + "q_up,64,24576,1536,16.1\n")
        said = self.epfleet("timing", "fit", table, "--base", "h100", "--out", "mine.yaml").stdout
        self.assertIn("3 rows of 3 shapes", said)
        self.assertIn("of rows left out of the fit", said)
        stay = re.search(r"stay as they are, these rows cannot tell them: (.*)", said).group(1)
        moved = re.findall(r"^  (\w+): .* -> ", said, re.MULTILINE)
        self.assertEqual(len(stay.split(", ")) + len(moved), 12)
        self.assertLess(len(moved), 3)
        fitted = re.findall(r"^(\w+): .*\[fit\]$", (self.folder / "mine.yaml").read_text(), re.MULTILINE)
        self.assertEqual(fitted, moved)

    def test_one_shape_is_refused(self):
        table = self.write("gemm_dense.csv", DENSE.rsplit("o_proj", 1)[0])
        said = self.refused("timing", "fit", table, "--base", "h100", "--out", "mine.yaml")
        self.assertIn("the 1 row cannot tell a single constant", said)

    def test_left_out_rows(self):
        table = self.write("gemm_dense.csv", DENSE + DENSE.split("\n", 1)[1].replace(",64,", ",96,"))
        base = ["timing", "fit", table, "--base", "h800", "--out", "mine.yaml"]
        for option in (["--folds", "2"], ["--leave-out", "m"]):
            self.assertIn("of rows left out of the fit", self.epfleet(*base, *option).stdout)
        self.epfleet(*base, "--folds", "2", "--leave-out", "m", code=2)

    def test_every_measured_table_is_known(self):
        for table in sorted(H100.glob("*.csv")):
            shown = self.epfleet("timing", "kernels", table, "--hardware", "h100").stdout
            self.assertIn("mean error", shown.splitlines()[-1], table.name)

    def test_tables_of_newer_models_and_of_the_h200(self):
        # mean error of the tables as a whole, in percent
        for folder, hardware, most in [(REFERENCE / "h100" / "2026", "h100", 7),
                                       (REFERENCE / "h200", "h200", 5)]:
            if not folder.is_dir():
                self.skipTest(f"no {folder}: EPFLEET_SHARED_DIR names the folder of the tables")
            for table in sorted(folder.glob("*.csv")):
                if table.stem.startswith(("host_", "ratios_")):
                    self.assertIn("it holds", self.refused("timing", "kernels", table,
                                                           "--hardware", hardware))
                    continue
                shown = self.epfleet("timing", "kernels", table, "--hardware", hardware).stdout
                said = re.search(rf"^# {table.stem}: \d+ rows.*, mean error (\S+) %", shown,
                                 re.MULTILINE)
                self.assertTrue(said, table.name)
                if not table.stem.startswith(("mla_parts", "misc", "same_", "chain_gap_ops")):
                    self.assertLess(float(said.group(1)), most, table.name)

    def test_what_is_compared_is_said_where_it_is_not_us(self):
        revisions = "kernel,name,m,n,k,us_earlier,us_2026\ndense,o_proj,64,7168,16384,44.5,44.6\n"
        table = self.write("revisions.csv", revisions)
        shown = self.epfleet("timing", "kernels", table, "--hardware", "h100").stdout
        self.assertIn("# compared with the column us_earlier", shown)
        table = self.write("gemm_dense.csv", DENSE)
        shown = self.epfleet("timing", "kernels", table, "--hardware", "h100").stdout
        self.assertNotIn("compared with", shown)

    def test_a_table_without_a_kernels_time_says_why(self):
        table = self.write("host_launch.csv", "host,how,kernel,n,cpu_us_per_launch\nA,c,null,1,5\n")
        self.assertIn("what launches cost the host's CPU",
                      self.refused("timing", "kernels", table, "--hardware", "h100"))


if __name__ == "__main__":
    main()
