package sim_test
import ("testing";"time";"github.com/wattle-dev/wattle/scheduler/sim")
func TestZZ(t *testing.T){
 for _,br:=range []sim.Break{sim.HideRefusals,sim.AllAtOnce}{
 for s:=range uint64(14){
 b:=time.Now()
 w:=sim.New(sim.Options{Seed:s,Break:br})
 f:=w.Run()
 d:=""
 if f!=nil{d=f.Invariant+": "+f.Detail}
 t.Log(s,time.Since(b),w.Steps(),d)
 if f!=nil && s<2{ break}
 }}
}
