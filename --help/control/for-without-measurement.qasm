OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
for int i in {1, 5, 7} { rx(1.795762) q[0]; cx q[0], q[1]; rz(0.767913) q[1]; ry(1.158282) q[1]; }
c[0] = measure q[0];
c[1] = measure q[1];
