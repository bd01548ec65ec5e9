"""A Slurm of a controller and two nodes on this machine, for tests: no systemd, no cgroups, loopback only. All that it
writes is in one folder; stopping ends only the daemons whose pid files are there."""

import os
import pathlib
import pwd
import signal
import socket
import subprocess
import time

NODES = 2
CONFIGURATION = """\
ClusterName=simulated
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=16817
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny,block_null_hash
StateSaveLocation={folder}/controller
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=0
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=2
SlurmdTimeout=60
NodeName=sim[1-{nodes}] NodeHostname={host} NodeAddr=127.0.0.1 Port=[17001-{last_port}] CPUs=1 State=UNKNOWN
PartitionName=sim Nodes=sim[1-{nodes}] Default=YES MaxTime=INFINITE State=UP
"""


class Slurm:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.configuration = self.folder / "slurm.conf"

    def start(self):
        """Returns when both nodes are idle; RuntimeError if they do not get there."""
        (self.folder / "controller").mkdir(parents=True)
        self.folder.chmod(0o755)
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        self.configuration.write_text(CONFIGURATION.format(
            folder=self.folder, nodes=NODES, last_port=17000 + NODES, host=socket.gethostname().split(".")[0],
            user=pwd.getpwuid(os.getuid()).pw_name))
        munge = [f"--{name}={self.folder}/munge{file}" for name, file in
                 [("key-file", ".key"), ("socket", ".socket"), ("log-file", "d.log"), ("seed-file", "d.seed")]]
        self._run("/usr/sbin/munged", "--force", f"--pid-file={self.folder}/munged.pid", *munge)
        self._run("/usr/sbin/slurmctld", "-f", self.configuration, "-c")
        for node in range(1, NODES + 1):
            (self.folder / f"spool-sim{node}").mkdir()
            self._run("/usr/sbin/slurmd", "-f", self.configuration, "-N", f"sim{node}")
        for _ in range(100):
            idle = subprocess.run(["sinfo", "-h", "-t", "idle", "-o", "%D"], capture_output=True, text=True,
                                  env=self._environment())
            if idle.stdout.strip() == str(NODES):
                return
            time.sleep(0.1)
        raise RuntimeError((self.folder / "slurmctld.log").read_text()[-2000:])

    def stop(self):
        for file in [*self.folder.glob("slurmd-*.pid"), self.folder / "slurmctld.pid", self.folder / "munged.pid"]:
            try:
                process = int(file.read_text())
                os.kill(process, signal.SIGTERM)
                for _ in range(100):
                    os.kill(process, 0)
                    time.sleep(0.1)
            except (OSError, ValueError):
                pass  # it never ran, or has ended

    def _environment(self):
        return {**os.environ, "SLURM_CONF": str(self.configuration)}

    def _run(self, *command):
        subprocess.run([*map(str, command)], check=True, timeout=60, env=self._environment(),
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
