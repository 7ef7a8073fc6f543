;; Small computations, and three that do not end (loop, tree, bulk).
(component
  (core module $M
    (memory 80)
    (table 2 funcref)
    (type $unary (func (param i32) (result i32)))
    (elem (i32.const 0) $triple $flip)
    (func $triple (type $unary) (i32.mul (local.get 0) (i32.const 3)))
    (func $flip (type $unary) (i32.xor (local.get 0) (i32.const 1)))
    (func $fib (export "fib") (type $unary)
      (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
        (then (local.get 0))
        (else (i32.add
          (call $fib (i32.sub (local.get 0) (i32.const 1)))
          (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
    (func (export "xorshift") (type $unary) (local $x i32)
      (local.set $x (i32.const 42))
      (loop $l
        (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 13))))
        (local.set $x (i32.xor (local.get $x) (i32.shr_u (local.get $x) (i32.const 17))))
        (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 5))))
        (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (local.get $x))
    ;; Reads and writes 256 KiB again and again.
    (func (export "memory") (type $unary) (local $at i32) (local $sum i32)
      (loop $l
        (local.set $at (i32.shl (i32.and (local.get 0) (i32.const 0xffff)) (i32.const 2)))
        (i32.store (local.get $at) (local.tee $sum
          (i32.add (local.get $sum) (i32.xor (i32.load (local.get $at)) (local.get 0)))))
        (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (local.get $sum))
    (func (export "indirect") (type $unary) (local $x i32)
      (loop $l
        (local.set $x (call_indirect (type $unary) (local.get $x) (i32.and (local.get 0) (i32.const 1))))
        (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (local.get $x))
    ;; A product of square matrices of floats, of as many rows.
    (func (export "matmul") (type $unary)
      (local $i i32) (local $j i32) (local $k i32) (local $sum f64)
      (loop $rows
        (local.set $j (i32.const 0))
        (loop $columns
          (local.set $k (i32.const 0))
          (local.set $sum (f64.const 0))
          (loop $cells
            (local.set $sum (f64.add (local.get $sum) (f64.mul
              (f64.load (i32.shl (i32.add (i32.mul (local.get $i) (local.get 0)) (local.get $k)) (i32.const 3)))
              (f64.load offset=1048576 (i32.shl (i32.add (i32.mul (local.get $k) (local.get 0)) (local.get $j)) (i32.const 3))))))
            (br_if $cells (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 1))) (local.get 0))))
          (f64.store offset=2097152 (i32.shl (i32.add (i32.mul (local.get $i) (local.get 0)) (local.get $j)) (i32.const 3)) (local.get $sum))
          (br_if $columns (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (local.get 0))))
        (br_if $rows (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get 0))))
      (local.get $i))
    ;; Counts primes below the argument with a sieve of bytes: branches.
    (func (export "sieve") (type $unary) (local $i i32) (local $j i32) (local $found i32)
      (memory.fill (i32.const 0) (i32.const 0) (local.get 0))
      (local.set $i (i32.const 2))
      (loop $numbers
        (if (i32.eqz (i32.load8_u (local.get $i))) (then
          (local.set $found (i32.add (local.get $found) (i32.const 1)))
          (local.set $j (i32.shl (local.get $i) (i32.const 1)))
          (block $done
            (loop $multiples
              (br_if $done (i32.ge_u (local.get $j) (local.get 0)))
              (i32.store8 (local.get $j) (i32.const 1))
              (local.set $j (i32.add (local.get $j) (local.get $i)))
              (br $multiples)))))
        (br_if $numbers (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get 0))))
      (local.get $found))
    (func (export "loop") (type $unary)
      (loop $l (local.set 0 (i32.add (local.get 0) (i32.const 1))) (br $l))
      (unreachable))
    (func $tree (export "tree") (type $unary)
      (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))
      (i32.add (call $tree (i32.sub (local.get 0) (i32.const 1))) (call $tree (i32.sub (local.get 0) (i32.const 1)))))
    (func (export "bulk") (type $unary)
      (loop $l (memory.fill (i32.const 0) (local.get 0) (i32.const 5242880)) (br $l))
      (unreachable)))
  (core instance $m (instantiate $M))
  (func (export "fib") (param "n" u32) (result u32) (canon lift (core func $m "fib")))
  (func (export "xorshift") (param "n" u32) (result u32) (canon lift (core func $m "xorshift")))
  (func (export "memory") (param "n" u32) (result u32) (canon lift (core func $m "memory")))
  (func (export "indirect") (param "n" u32) (result u32) (canon lift (core func $m "indirect")))
  (func (export "matmul") (param "n" u32) (result u32) (canon lift (core func $m "matmul")))
  (func (export "sieve") (param "n" u32) (result u32) (canon lift (core func $m "sieve")))
  (func (export "loop") (param "n" u32) (result u32) (canon lift (core func $m "loop")))
  (func (export "tree") (param "n" u32) (result u32) (canon lift (core func $m "tree")))
  (func (export "bulk") (param "n" u32) (result u32) (canon lift (core func $m "bulk"))))
