OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
for int i in [0:1] {
  ry(1.781964) q[0];
  for int j in [0:1] { cry(0.613962) q[0], q[1]; rx(2.306778) q[0]; }
  reset q[0];
}
ry(1.86947) q[0];
cx q[1], q[0];
c[0] = measure q[0];
c[1] = measure q[1];
