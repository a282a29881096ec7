#include "runtime/config/help_text.h"

namespace titan::config {
namespace {

std::string short_names(const Schema& schema, const Field& field) {
  std::string out;
  for (const auto& alias : schema.aliases()) {
    if (alias.key == field.key()) out += ", --" + alias.name;
  }
  return out;
}

std::string option_line(const Schema& schema, const Field& field) {
  std::string line = "  --" + field.key() + short_names(schema, field) + "  " + field.type_name() + ", default " +
                     to_text(field.default_value());
  const std::string allowed = field.allowed();
  if (!allowed.empty()) line += "  (" + allowed + ")";
  return line + "\n";
}

std::string section_title(const Section& section) {
  const std::string title = section.name().empty() ? "options" : "[" + section.name() + "]";
  return title + (section.meaning().empty() ? "" : "  " + section.meaning()) + "\n";
}

}  // namespace

std::string help_text(const Schema& schema) {
  std::string out =
      "Keys by section of the TOML file. On the command line: --section.key value; true and false are --section.flag "
      "and\n"
      "--section.no_flag; lists are a,b,c; None unsets what may be none; the last of repeated options wins.\n";
  for (const auto& section : schema.sections()) {
    out += "\n" + section_title(section);
    for (const auto& field : section.fields()) {
      out += option_line(schema, field);
      out += "      " + field.meaning() + "\n";
    }
  }
  return out;
}

}  // namespace titan::config
