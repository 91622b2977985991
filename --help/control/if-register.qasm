OPENQASM 3.0;
include "stdgates.inc";
qubit[3] q;
bit[2] c;
bit[1] d;
ry(1.500979) q[0];
ry(0.686571) q[1];
c[0] = measure q[0];
c[1] = measure q[1];
ry(2.263223) q[2];
if (c == 2) { ry(2.07129) q[2]; }
if (c == 1) { ry(1.760429) q[2]; }
d[0] = measure q[2];
