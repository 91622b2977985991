OPENQASM 3.0;
include "stdgates.inc";
qubit[1] q;
bit[2] c;
ry(0.703622) q[0];
c[0] = measure q[0];
rx(1.081637) q[0];
c[1] = measure q[0];
