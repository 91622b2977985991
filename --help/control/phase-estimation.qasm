OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[3] c;
x q[1];
h q[0];
cp(4.6) q[0], q[1];
h q[0];
c[0] = measure q[0];
reset q[0];
h q[0];
cp(2.3) q[0], q[1];
if (c[0]) { p(-pi/2) q[0]; }
h q[0];
c[1] = measure q[0];
reset q[0];
h q[0];
cp(1.15) q[0], q[1];
if (c == 1) { p(-pi/4) q[0]; }
if (c == 2) { p(-pi/2) q[0]; }
if (c == 3) { p(-3*pi/4) q[0]; }
h q[0];
c[2] = measure q[0];
