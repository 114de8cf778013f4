import pytest, sqlite3
from tests.bad_input.conftest import in_force
def test_x(copied):
    b=in_force(copied.root)
    print(copied.ok("run","zoo","--force")[-200:])
    a=in_force(copied.root)
    for k in sorted(set(a)|set(b)):
        if a.get(k)!=b.get(k):
            print("DIFF",k,len(a.get(k,b"")),len(b.get(k,b"")))
            if k=="review":
                x,y=b[k].decode().split("\n"),a[k].decode().split("\n")
                if len(x)==1: x,y=b[k].decode().split("), ("),a[k].decode().split("), (")
                n=0
                for i,j in zip(x,y):
                    if i!=j and n<6: print("-",i[:300]);print("+",j[:300]); n+=1
    assert 0
