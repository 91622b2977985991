OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
for int i in [0:5] {
  ry(1.2) q[0];
  c[0] = measure q[0];
  if (c[0]) { break; }
  ry(0.655423) q[1];
}
c[1] = measure q[1];
