OPENQASM 3.0;
include "stdgates.inc";
qubit[4] q;
bit[2] a;
bit[1] b;
bit[1] c;
ry(0.793829) q[0];
ry(1.212217) q[1];
ry(1.116983) q[2];
a[0] = measure q[0];
a[1] = measure q[1];
b[0] = measure q[2];
ry(0.619249) q[3];
if (a[1]) {
  if (b[0]) { ry(2.029918) q[3]; } else { if (a[0]) { rx(1.498989) q[3]; } }
} else {
  if (a == 1) { ry(1.445615) q[3]; }
}
c[0] = measure q[3];
