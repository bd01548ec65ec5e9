# cmake -DSOURCES=src/page -DDYGRAPHS=FOLDER -DOUT=page_template.cpp -P bundle_page.cmake
# Puts the styles and scripts of a folder, and the library, into its page.html, and that into a C++
# file of bytes. Our scripts share one scope, in which their order does not matter.
file(GLOB STYLES "${SOURCES}/*.css")
file(GLOB SCRIPTS "${SOURCES}/*.js")

function(joined VARIABLE)
  set(ALL "")
  foreach(FILE IN LISTS ARGN)
    file(READ "${FILE}" TEXT)
    string(APPEND ALL "${TEXT}\n")
  endforeach()
  set(${VARIABLE} "${ALL}" PARENT_SCOPE)
endfunction()

joined(STYLE "${DYGRAPHS}/dygraph.min.css" ${STYLES})
joined(LIBRARY "${DYGRAPHS}/dygraph.min.js")
joined(SCRIPT ${SCRIPTS})
file(READ "${SOURCES}/page.html" PAGE)
foreach(PART STYLE LIBRARY SCRIPT)
  string(REPLACE "@EPFLEET_${PART}@" "${${PART}}" PAGE "${PAGE}")
endforeach()

file(WRITE "${OUT}.html" "${PAGE}")
file(READ "${OUT}.html" BYTES HEX)
string(REGEX REPLACE "(..)" "0x\\1," BYTES "${BYTES}")
file(WRITE "${OUT}" "#include \"template.h\"

namespace epfleet::page {
namespace {

constexpr unsigned char kBytes[] = {${BYTES}};

}  // namespace

std::string_view page_template() {
  return {reinterpret_cast<const char*>(kBytes), sizeof(kBytes)};
}

}  // namespace epfleet::page
")
