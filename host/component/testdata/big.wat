;; A guest that starts with 64 MiB of memory in each of two modules.
(component
  (core module $M (memory 1024))
  (core instance (instantiate $M))
  (core instance (instantiate $M)))
