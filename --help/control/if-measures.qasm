OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
bit[1] d;
ry(2.084742) q[0];
cx q[0], q[1];
ry(1.721464) q[1];
c[0] = measure q[0];
if (c[0]) { d[0] = measure q[1]; } else { ry(0.73706) q[1]; }
rx(0.609037) q[1];
c[1] = measure q[1];
