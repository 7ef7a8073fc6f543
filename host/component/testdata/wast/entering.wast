;; Which calls a component instance may make and receive while it runs.

;; A child that calls into its parent, which calls into the child again.
(component definition $Reenter
  (core module $Indirect
    (table (export "t") 2 funcref)
    (type $f (func (result i32)))
    (func (export "call") (param i32) (result i32) (call_indirect (type $f) (local.get 0))))
  (core instance $indirect (instantiate $Indirect))
  (core module $Shim
    (import "i" "call" (func $call (param i32) (result i32)))
    (func (export "back") (result i32) (call $call (i32.const 0)))
    (func (export "sibling") (result i32) (call $call (i32.const 1))))
  (core instance $shim (instantiate $Shim (with "i" (instance $indirect))))
  (func $back (result u32) (canon lift (core func $shim "back")))
  (func $sibling (result u32) (canon lift (core func $shim "sibling")))
  (component $Child
    (import "parent" (func $parent (result u32)))
    (core func $parent (canon lower (func $parent)))
    (core module $M
      (import "" "parent" (func $parent (result i32)))
      (func (export "run") (result i32) (call $parent))
      (func (export "leaf") (result i32) (i32.const 7)))
    (core instance $m (instantiate $M (with "" (instance (export "parent" (func $parent))))))
    (func (export "run") (result u32) (canon lift (core func $m "run")))
    (func (export "leaf") (result u32) (canon lift (core func $m "leaf"))))
  (instance $a (instantiate $Child (with "parent" (func $back))))
  (instance $b (instantiate $Child (with "parent" (func $sibling))))
  (core func $a-leaf (canon lower (func $a "leaf")))
  (core func $a-run (canon lower (func $a "run")))
  (core func $b-run (canon lower (func $b "run")))
  (core module $Fill
    (import "i" "t" (table 2 funcref))
    (import "f" "a-leaf" (func $a-leaf (result i32)))
    (elem (i32.const 0) func $a-leaf $a-leaf))
  (core instance (instantiate $Fill (with "i" (instance $indirect)) (with "f" (instance (export "a-leaf" (func $a-leaf))))))
  (func (export "leaf") (result u32) (canon lift (core func $a-leaf)))
  (func (export "reenter") (result u32) (canon lift (core func $a-run)))
  (func (export "through-sibling") (result u32) (canon lift (core func $b-run))))

(component instance $i $Reenter)
(assert_return (invoke "leaf") (u32.const 7))
;; b is running, a is entered: allowed
(assert_return (invoke "through-sibling") (u32.const 7))
(assert_return (invoke "leaf") (u32.const 7))
;; a is running, a is entered
(assert_trap (invoke "reenter") "already running")

;; A function of the component itself, lifted and lowered: it does not enter
;; anything.
(component
  (core module $M (func (export "f") (result i32) (i32.const 3)))
  (core instance $m (instantiate $M))
  (func $f (result u32) (canon lift (core func $m "f")))
  (core func $g (canon lower (func $f)))
  (core module $N
    (import "" "g" (func $g (result i32)))
    (global $at-start (mut i32) (i32.const 0))
    (func $start (global.set $at-start (call $g)))
    (start $start)
    (func (export "at-start") (result i32) (global.get $at-start))
    (func (export "f") (result i32) (call $g)))
  (core instance $n (instantiate $N (with "" (instance (export "g" (func $g))))))
  (func (export "f") (result u32) (canon lift (core func $n "f")))
  (func (export "at-start") (result u32) (canon lift (core func $n "at-start"))))
(assert_return (invoke "f") (u32.const 3))
(assert_return (invoke "at-start") (u32.const 3))

;; Inside realloc and post-return a component may not call out, nor make or drop
;; a handle. It may ask for a representation.
(component definition $Confined
  (component $Other
    (core module $M (func (export "f")))
    (core instance $m (instantiate $M))
    (func (export "f") (canon lift (core func $m "f"))))
  (instance $other (instantiate $Other))
  (component $C
    (import "f" (func $f))
    (core func $f (canon lower (func $f)))
    (type $r (resource (rep i32)))
    (core func $new (canon resource.new $r))
    (core func $drop (canon resource.drop $r))
    (core func $rep (canon resource.rep $r))
    (core module $M
      (import "" "f" (func $f))
      (import "" "new" (func $new (param i32) (result i32)))
      (import "" "drop" (func $drop (param i32)))
      (import "" "rep" (func $rep (param i32) (result i32)))
      (memory (export "mem") 1)
      (global $what (mut i32) (i32.const 0))
      (global $handle (mut i32) (i32.const 0))
      (global $seen (mut i32) (i32.const 0))
      (func (export "plan") (param i32)
        (global.set $what (local.get 0))
        (global.set $handle (call $new (i32.const 9))))
      (func (export "seen") (result i32) (global.get $seen))
      (func $act
        (if (i32.eq (global.get $what) (i32.const 1)) (then (call $f)))
        (if (i32.eq (global.get $what) (i32.const 2)) (then (drop (call $new (i32.const 1)))))
        (if (i32.eq (global.get $what) (i32.const 3)) (then (call $drop (global.get $handle))))
        (if (i32.eq (global.get $what) (i32.const 4)) (then (global.set $seen (call $rep (global.get $handle)))))
        (if (i32.eq (global.get $what) (i32.const 5)) (then unreachable)))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (call $act) (i32.const 64))
      (func (export "post") (param i32)
        (global.set $seen (local.get 0))
        (call $act))
      (func (export "in") (param i32 i32))
      (func (export "out") (result i32) (i32.const 77)))
    (core instance $m (instantiate $M (with "" (instance
      (export "f" (func $f)) (export "new" (func $new)) (export "drop" (func $drop)) (export "rep" (func $rep))))))
    (func (export "plan") (param "what" u32) (canon lift (core func $m "plan")))
    (func (export "seen") (result u32) (canon lift (core func $m "seen")))
    (func (export "in") (param "s" string)
      (canon lift (core func $m "in") (memory (core memory $m "mem")) (realloc (core func $m "realloc"))))
    (func (export "out") (result u32)
      (canon lift (core func $m "out") (post-return (core func $m "post"))))
    (func (export "free") (canon lift (core func $f))))
  (instance $c (instantiate $C (with "f" (func $other "f"))))
  (export "plan" (func $c "plan"))
  (export "seen" (func $c "seen"))
  (export "in" (func $c "in"))
  (export "out" (func $c "out"))
  (export "free" (func $c "free"))
  (core func $out (canon lower (func $c "out")))
  (func (export "via-out") (result u32) (canon lift (core func $out))))

(component instance $i $Confined)
(assert_return (invoke "plan" (u32.const 0)))
(assert_return (invoke "in" (str.const "text")))
(assert_return (invoke "out") (u32.const 77))
;; post-return is given what the function returned
(assert_return (invoke "seen") (u32.const 77))
(assert_return (invoke "via-out") (u32.const 77))
(assert_return (invoke "plan" (u32.const 4)))
(assert_return (invoke "in" (str.const "text")))
(assert_return (invoke "seen") (u32.const 9))
(assert_return (invoke "out") (u32.const 77))
(assert_return (invoke "seen") (u32.const 9))
;; confinement ends with it
(assert_return (invoke "free"))
(component instance $i $Confined)
(invoke "plan" (u32.const 1))
(assert_trap (invoke "in" (str.const "text")) "cannot leave")
(component instance $i $Confined)
(invoke "plan" (u32.const 1))
(assert_trap (invoke "out") "cannot leave")
(component instance $i $Confined)
(invoke "plan" (u32.const 1))
(assert_trap (invoke "via-out") "cannot leave")
(component instance $i $Confined)
(invoke "plan" (u32.const 2))
(assert_trap (invoke "in" (str.const "text")) "cannot leave")
(component instance $i $Confined)
(invoke "plan" (u32.const 2))
(assert_trap (invoke "out") "cannot leave")
(component instance $i $Confined)
(invoke "plan" (u32.const 2))
(assert_trap (invoke "via-out") "cannot leave")
(component instance $i $Confined)
(invoke "plan" (u32.const 3))
(assert_trap (invoke "in" (str.const "text")) "cannot leave")
(component instance $i $Confined)
(invoke "plan" (u32.const 3))
(assert_trap (invoke "out") "cannot leave")
(component instance $i $Confined)
(invoke "plan" (u32.const 3))
(assert_trap (invoke "via-out") "cannot leave")
(component instance $i $Confined)
(invoke "plan" (u32.const 5))
(assert_trap (invoke "in" (str.const "text")) "unreachable")
(component instance $i $Confined)
(invoke "plan" (u32.const 5))
(assert_trap (invoke "out") "unreachable")
(component instance $i $Confined)
(invoke "plan" (u32.const 5))
(assert_trap (invoke "via-out") "unreachable")

;; Start functions: they run in order, and one that traps is the end of the
;; instance.
(component
  (core module $Count
    (global $n (mut i32) (i32.const 0))
    (func (export "next") (result i32)
      (global.set $n (i32.add (global.get $n) (i32.const 1)))
      (global.get $n)))
  (core instance $count (instantiate $Count))
  (core module $M
    (import "count" "next" (func $next (result i32)))
    (global $at (mut i32) (i32.const 0))
    (func $start (global.set $at (call $next)))
    (start $start)
    (func (export "at") (result i32) (global.get $at)))
  (core instance $a (instantiate $M (with "count" (instance $count))))
  (core instance $b (instantiate $M (with "count" (instance $count))))
  (func (export "a") (result u32) (canon lift (core func $a "at")))
  (func (export "b") (result u32) (canon lift (core func $b "at"))))
(assert_return (invoke "a") (u32.const 1))
(assert_return (invoke "b") (u32.const 2))
(assert_trap
  (component
    (core module $M
      (func $start unreachable)
      (start $start))
    (core instance (instantiate $M)))
  "unreachable")
(assert_trap
  (component
    (component $Other
      (core module $M (func (export "f") (param i32)))
      (core instance $m (instantiate $M))
      (func (export "f") (param "c" char) (canon lift (core func $m "f"))))
    (instance $other (instantiate $Other))
    (core func $f (canon lower (func $other "f")))
    (core module $M
      (import "" "f" (func $f (param i32)))
      (func $start (call $f (i32.const 0xd800)))
      (start $start))
    (core instance (instantiate $M (with "" (instance (export "f" (func $f)))))))
  "is not a Unicode scalar value")
(assert_trap
  (component
    (core module $M
      (memory 1)
      (data (i32.const 65535) "ab"))
    (core instance (instantiate $M)))
  "out of bounds memory access")
(assert_trap
  (component
    (core module $M
      (table 1 funcref)
      (func $f)
      (elem (i32.const 1) func $f))
    (core instance (instantiate $M)))
  "out of bounds table access")
