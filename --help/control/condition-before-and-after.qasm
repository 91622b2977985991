OPENQASM 3.0;
include "stdgates.inc";
qubit[3] q;
bit[1] c;
bit[2] d;
ry(1.602899) q[0];
ry(1.906908) q[1];
c[0] = measure q[0];
if (c[0]) { ry(0.92669) q[1]; }
c[0] = measure q[1];
if (c[0]) { rx(1.58686) q[2]; } else { rx(1.760588) q[2]; }
d[0] = measure q[0];
d[1] = measure q[2];
