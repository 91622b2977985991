OPENQASM 3.0;
include "stdgates.inc";
qubit[3] q;
bit[4] c;
ry(1.473182) q[0];
c[0] = measure q[0];
ry(1.845044) q[0];
cx q[0], q[1];
rx(1.464202) q[1];
c[1] = measure q[0];
cx q[1], q[2];
ry(1.871283) q[2];
c[2] = measure q[1];
h q[0];
if (c[0]) { ry(1.892317) q[2]; }
c[3] = measure q[2];
