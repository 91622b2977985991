OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
ry(2.028431) q[0];
ry(1.77335) q[1];
c[0] = measure q[0];
if (c[0]) { rx(0.84262) q[1]; }
c[1] = measure q[1];
