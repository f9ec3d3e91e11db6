"""The registry turned into surfaces: root functions, methods, in-place forms, operators, `out=`, the stub."""
