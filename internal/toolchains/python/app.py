from componentize_py_types import Err
from wit_world import WitWorld as Base


class WitWorld(Base):
    def greet(self, names: list[str]) -> str:
        if not names:
            raise Err("nobody")
        return "hello " + " and ".join(names)
