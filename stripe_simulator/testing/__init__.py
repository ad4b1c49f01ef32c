"""The simulator in tests: a server in a thread, and a pytest plugin. Import the module that you need."""
