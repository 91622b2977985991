OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
c[1] = measure q[1];
ry(1.748952) q[0];
while (c[1]) { x q[0]; c[1] = measure q[1]; }
rx(0.682169) q[0];
c[0] = measure q[0];
