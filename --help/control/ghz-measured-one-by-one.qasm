OPENQASM 3.0;
include "stdgates.inc";
qubit[4] q;
bit[4] c;
ry(1.826166) q[0];
cx q[0], q[1];
cx q[1], q[2];
cx q[2], q[3];
rx(2.114466) q[3];
c[3] = measure q[3];
if (c[3]) { ry(1.411436) q[2]; }
c[2] = measure q[2];
if (c[2]) { ry(1.438142) q[1]; }
c[1] = measure q[1];
if (c[1]) { ry(0.822921) q[0]; }
c[0] = measure q[0];
