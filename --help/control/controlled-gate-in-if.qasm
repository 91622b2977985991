OPENQASM 3.0;
include "stdgates.inc";
qubit[3] q;
bit[3] c;
ry(1.880507) q[0];
rx(2.031993) q[1];
rx(1.376142) q[2];
c[0] = measure q[0];
if (c[0]) { crz(1.511665) q[1], q[2]; } else { cry(2.29555) q[2], q[1]; }
rx(1.17264) q[1];
ry(2.189968) q[2];
c[1] = measure q[1];
c[2] = measure q[2];
