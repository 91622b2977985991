OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
for int i in [0:2] {
  ry(1.3) q[0];
  c[0] = measure q[0];
  if (c[0]) { continue; }
  ry(1.216223) q[1];
}
c[1] = measure q[1];
