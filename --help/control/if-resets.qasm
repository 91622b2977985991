OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
ry(0.633151) q[0];
ry(0.791995) q[1];
c[0] = measure q[0];
if (c[0]) { reset q[1]; }
ry(1.93351) q[1];
c[1] = measure q[1];
