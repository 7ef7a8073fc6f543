(component
  (core module $m (memory (export "m") 1) (func (export "r") (param i32 i32 i32 i32) (result i32) unreachable)) (core instance $i (instantiate $m))
		 (core func (canon task.return (memory (core memory $i "m")) (realloc (core func $i "r")))))
