OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
ry(2.195322) q[0];
ry(1.609074) q[1];
c[0] = measure q[0];
c[0] = measure q[1];
c[1] = measure q[0];
