OPENQASM 3.0;
include "stdgates.inc";
qubit[3] q;
bit[2] c;
bit[1] d;
x q[0];
x q[1];
c[0] = measure q[0];
c[1] = measure q[1];
while (c == 3) {
  ry(1.7) q[0];
  ry(1.1) q[1];
  c[0] = measure q[0];
  c[1] = measure q[1];
  rx(1.129937) q[2];
}
d[0] = measure q[2];
