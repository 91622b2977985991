OPENQASM 3.0;
include "stdgates.inc";
qubit[1] q;
bit[2] c;
ry(1.30464) q[0];
c[0] = measure q[0];
if (c[0]) { ry(2.301907) q[0]; } else { ry(2.212514) q[0]; }
c[1] = measure q[0];
