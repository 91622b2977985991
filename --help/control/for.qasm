OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
for int i in [0:3] { ry(1.751207) q[0]; cry(2.217338) q[0], q[1]; c[0] = measure q[0]; }
c[1] = measure q[1];
