OPENQASM 3.0;
include "stdgates.inc";
qubit[3] q;
bit[3] c;
bit[1] never;
ry(1.43014) q[0];
cx q[0], q[1];
rx(1.357561) q[1];
if (never[0]) { x q[0]; }
cx q[1], q[2];
ry(0.790629) q[2];
c[0] = measure q[0];
c[1] = measure q[1];
c[2] = measure q[2];
