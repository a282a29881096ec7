# Which world a run is in, and the supervision of local processes.
titan_library(titan_launch SOURCES child_process.cpp launch.cpp line_relay.cpp world.cpp DEPS titan_gloo titan_config)
