# Communicators among processes. c10d and gloo appear in rendezvous.cpp and gloo_channel.cpp only.
titan_library(titan_gloo
              SOURCES failure_monitor.cpp gloo_channel.cpp gloo_collectives.cpp gloo_communicator.cpp gloo_queue.cpp
                      gloo_world.cpp rank_list.cpp rendezvous.cpp
              DEPS titan_comm)
