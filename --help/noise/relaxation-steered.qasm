OPENQASM 3.0;
include "stdgates.inc";
qubit[3] q;
bit[3] c;
ry(1.146491) q[0];
cx q[0], q[1];
c[0] = measure q[0];
if (c[0]) { rx(0.99074) q[1]; cx q[1], q[2]; }
else { ry(0.941522) q[2]; cx q[2], q[1]; }
rx(0.566493) q[2];
c[1] = measure q[1];
c[2] = measure q[2];
