#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string_view>

// Says where it runs and with what arguments; `status N` ends with status N.
int main(int argc, char** argv) {
  std::cout << "program in " << std::filesystem::current_path().filename().string();
  for (int i = 1; i < argc; ++i) std::cout << " [" << argv[i] << "]";
  std::cout << std::endl;
  return argc == 3 && std::string_view(argv[1]) == "status" ? std::atoi(argv[2]) : 0;
}
