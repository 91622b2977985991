OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
rx(1.954393) q[0];
rx(2.048272) q[1];
c[0] = measure q[0];
if (c[0]) { ry(1.938004) q[1]; } else { rx(1.732634) q[1]; rz(2.220281) q[1]; ry(1.276709) q[1]; }
c[1] = measure q[1];
