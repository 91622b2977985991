OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[1] c;
bit[1] d;
ry(2.1) q[0];
c[0] = measure q[0];
while (c[0]) {
  ry(0.8) q[1];
  h q[0];
  c[0] = measure q[0];
}
d[0] = measure q[1];
