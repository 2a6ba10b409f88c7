# What doxygen reads of a header. The head comment, which has two slashes as all that is no contract
# of a declaration, becomes the file's description; the inline namespace of the ISA, which users do
# not write, goes.
NR == 1 { print "/// \\file"; head = 1 }
/^#pragma once/ { head = 0 }
head && sub(/^\/\//, "///") {
  indented = /^\/\/\/     /
  if (indented && !code) print "///"  # Markdown's code begins behind an empty line.
  code = indented
}
{
  sub(/::inline SIMDNN_ABI/, "")
  sub(/^inline namespace SIMDNN_ABI/, "extern \"C++\"")
  print
}
