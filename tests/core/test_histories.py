"""Views, in-place writing and assignment by index: the same history in torch and here, gradients compared."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import autodiff as ad
from tests.ops.same_as_torch import as_array

HISTORIES = """
y=x*2; v=y[1]; v.mul_(3); y.sum().backward()
y=x*2; v=y[1]; v.mul_(3); (y*y).sum().backward()
y=x*2; v=y[1]; v.mul_(3); (v*v).sum().backward()
y=x*2; v=y[1]; w=v[0]; w.mul_(y.sum()); (y*y).sum().backward()
y=x*2; v=y[1]; w=v[0]; y.mul_(3); (w*w).sum().backward()
y=x*2; v=y[1]; w=y[1][0]; v.add_(x[0]); (w*w).sum().backward()
y=x*2; v=y.transpose(0,1); v[0]=x[:,1]; (y*y).sum().backward()
y=x*2; v=y.view(-1); v[2:5]=7.; (y*y).sum().backward()
y=x*2; v=y.reshape(-1)[1:]; v.mul_(v); (y*y).sum().backward()
y=x*2; y[0]=x[1]*3; (y*y).sum().backward()
y=x*2; y[:,1]=x[:,0]; (y*y).sum().backward()
y=x*2; y[lib.tensor([0,1]),lib.tensor([1,1])]=x[:,0]; (y*y).sum().backward()
y=x*2; y[lib.tensor([0,0]),lib.tensor([1,1])]=x[:,0]; (y*y).sum().backward()
y=x*2; y[x>0]=x.sum(); (y*y).sum().backward()
y=x*2; y[x>0]=0; (y*y).sum().backward()
y=x*2; y[0,:]=x[1,0]; (y*y).sum().backward()
y=x*2; y[0]=x[1:2,:1]; (y*y).sum().backward()
y=x*2; y[1:]=x[:1]*x[:1]; (y*y).sum().backward()
y=x*2; y[...,::2]=x.sum(); (y*y).sum().backward()
y=x*2; y.copy_(x[0]*x[0]); (y*y).sum().backward()
y=lib.zeros(2,3,dtype=lib.float64); y.copy_(x[0]*x[0]); (y*y).sum().backward()
y=lib.zeros(2,3,dtype=lib.float64); y[0]=x[0]*2; (y*y).sum().backward()
y=lib.zeros(2,3,dtype=lib.float64); y[0,1]=x[0,0]; y[1]=y[0]*2; (y*y).sum().backward()
y=lib.zeros(2,3); y[0]=x[0]; (y*y).sum().backward()
y=x*2; y.fill_(3.); (y*y+x).sum().backward()
y=x*2; y.fill_(x.sum()); (y*y).sum().backward()
y=x*2; y.zero_(); (y*y+x).sum().backward()
y=x*2; y.masked_fill_(x>0,5.); (y*y).sum().backward()
y=x*2; y.masked_fill_(x>0,x.sum()); (y*y).sum().backward()
y=x*2; y.index_add_(0,lib.tensor([0,0]),x); (y*y).sum().backward()
y=x*2; y.scatter_(0,lib.tensor([[0,1,0]]),x[:1]); (y*y).sum().backward()
y=x*2; y.index_fill_(0,lib.tensor([1]),4.); (y*y).sum().backward()
y=x*2; y.index_copy_(0,lib.tensor([1,0]),x*x); (y*y).sum().backward()
y=x*2; y.index_put_((lib.tensor([0,0]),),x[:1]*x[:1],accumulate=True); (y*y).sum().backward()
y=x*2; a,b=y.split(1); a.mul_(2); y.sum().backward()
y=x*2; a,b=y.unbind(); a.mul_(2); y.sum().backward()
y=x*2; a,b=y.unbind(); y.mul_(2); (a*b).sum().backward()
y=x*2; a,b=y.chunk(2); a[0]=1; y.sum().backward()
y=x*2; (a,)=y.split(5); a.mul_(2); y.sum().backward()
y=x*2; (a,)=y.split(5); (a*a).sum().backward()
y=x*2; (a,)=y[:1].unbind(); (a*a).sum().backward()
y=(x*2)[0].expand(4,3); y.mul_(2); y.sum().backward()
x[0]=1
x[0].mul_(2)
x.mul_(2)
x.zero_()
x[lib.tensor([0])]=1
x[x>0]=1
y=x*2; z=y*y; y[0]=1; z.sum().backward()
y=x.exp(); y[0]=1; y.sum().backward()
y=x*2; z=y[lib.tensor([0,1])]; y[0]=1; (z*z).sum().backward()
i=lib.tensor([0,1]); z=x[i]; i[0]=1; z.sum().backward()
i=lib.tensor([[0,1,0]]); z=x.gather(0,i); i.zero_(); z.sum().backward()
m=x>0; z=x.masked_fill(m,1.); m[0]=True; z.sum().backward()
y=x.detach(); y[0]=5; (x*x).sum().backward()
y=x.data; y[0]=5; (x*x).sum().backward()
z=x*x; y=x.detach(); y[0]=5; z.sum().backward()
z=x*x; y=x.data; y[0]=5; z.sum().backward()
y=x.clone(); y.T.mul_(2); (y*y).sum().backward()
y=x.clone(); y.diagonal().fill_(2); (y*y).sum().backward()
y=x.clone(); y.unsqueeze(0).squeeze(0)[0].mul_(x[1]); (y*y).sum().backward()
y=x.clone(); v=y[0]; v.copy_(x[1]); v2=y[0]; (v2*v).sum().backward()
y=x.clone(); v=y[0]; v+=x[1]; v*=2; y[1]-=v; (y*y).sum().backward()
y=x.clone(); y[0,0]+=5; y[0,0]*=x[1,1]; (y*y).sum().backward()
y=x.clone(); y[x>0]*=2; (y*y).sum().backward()
y=x.clone(); y[lib.tensor([0,0])]+=1; (y*y).sum().backward()
y=x.clone(); y[True]=x[0]; (y*y).sum().backward()
y=x.clone(); y[None,0]=x[1]; (y*y).sum().backward()
y=x.clone(); y[()]=x[1]; (y*y).sum().backward()
y=x.clone(); y[:]=x[1]; (y*y).sum().backward()
y=x.clone(); y[[]]=5.; (y*y).sum().backward()
y=x.clone(); y.narrow(1,0,2).select(0,1).add_(x[0,:2]); (y*y).sum().backward()
y=x.clone(); y.movedim(0,1).flatten(); y.view(3,2)[0]=y.view(3,2)[1]*2; (y*y).sum().backward()
y=x.clone(); y.detach_(); y[0]=1; x.sum().backward()
y=x.clone(); y[0].detach_()
y=x.clone(); y.detach()[0]=7; (y*y).sum().backward()
y=x[0].clone(); s=y[1]; s.mul_(3); (y*y).sum().backward()
y=x.sum(); y.mul_(2); y.backward()
y=x.sum(); v=y[None]; v.mul_(3); y.backward()
y=x.sum()*2; v=y.view(1,1); v[0,0]=x[0,0]; (y*y).backward()
y=x.clone(); y.view(-1).view(3,2).t().mul_(2); (y**2).sum().backward()
y=x.clone(); y.sort()[0].mul_(2).sum().backward()
y=x.clone(); lib.cat([y,y[:1]]).mul_(2).pow(2).sum().backward()
y=x.clone(); y.t()[1]=x[:,0]; (y*y).sum().backward()
y=x.half(); y[0]=x[1]; (y*y).sum().backward()
y=x.clone(); y.uniform_(0,1); y.sum().backward()
y=x.clone(); y[0].normal_(); y.sum().backward()
y=lib.zeros(3,2,3,dtype=lib.float64); [y.__setitem__(k,x*(k+1)) for k in range(3)]; (y*y).sum().backward()
y=x.clone(); y[1]=y[0]; y[0]=y[1]*2; (y*y).sum().backward()
y=x.clone(); y[0],y[1]=y[1].clone(),y[0].clone(); (y*x).sum().backward()
y=x.clone(); y.data=lib.ones(2,3,dtype=lib.float64); (y*y).sum().backward()
x.data=lib.ones(4,dtype=lib.float64); (x*x).sum().backward()
x.data[0]=9; (x*x).sum().backward()
y=x.clone(); y.swapaxes(0,1)[lib.tensor([0,2]),lib.tensor([1,1])]=x[0,:2]; (y*y).sum().backward()
y=x.clone(); y[0][lib.tensor([0,2])]=x[1,:2]; (y*y).sum().backward()
y=x.clone(); y[:,lib.tensor([0,2])]=x[1,:2]*2; (y*y).sum().backward()
y=x.clone(); y[:,lib.tensor([0,2])]=x[:,:1]*2; (y*y).sum().backward()
y=x.clone(); y[1,lib.tensor([0,2])]=x[0,1]*2; (y*y).sum().backward()
y=x.clone(); y[lib.tensor([True,False])]=x[1:]*2; (y*y).sum().backward()
y=x.clone(); y[lib.tensor([True,False]),1:]=x[1,1:]*2; (y*y).sum().backward()
""".strip().splitlines()
ASSIGNMENTS = """
y[0]=lib.ones(5)
y[0]=lib.ones(1,1,3,4)
y[0]=lib.ones(2,3,4)
y[i]=lib.ones(5)
y[i]=lib.ones(1,1,2,3,4)
y[m]=lib.ones(3)
y[m]=lib.ones(5,4)
y[m]=lib.ones(1)
y[m]=1j
y[0]=1j
y[0]='a'
y[0]=[1,2,3,4]
y[0]=np.ones(4)
y[i]=np.ones(4)
y[0,0,0]=lib.ones(1)
y[0,0,0]=lib.ones(2)
y[m]=lib.ones(3,dtype=lib.float64)[:1]
y[i]=lib.ones(4,dtype=lib.float64)
y[i]=lib.tensor(1,dtype=lib.int64)
y[i,i]=lib.tensor(2.,dtype=lib.float64)
y[5]=1
y[::-1]=1
y[i+5]=1
y[True]=3
y[False]=3
y[m,0]=lib.arange(5.)
y[None]=2
y[[]]=2
y[()]=3
y[i>5]=lib.ones(0,3,4)
y[i>5]=lib.ones(2,3,4)
y[0]=lib.ones(0)
y[lib.tensor(0)]=4
y[m[:1]]=0
y[0]=lib.ones(4,dtype=lib.float64)
y[m]=x[m].double()
y[0]=lib.tensor(1j)
y[True]=x
y[x>3]=0
y[x>3]=lib.tensor(0.)
y[x>3]=lib.ones(20)
y[x>3]=lib.ones(21)
y[:]=x.flip(0)
y[:,1:,::2]=lib.ones(2)
y[[0,1],[1,2]]=5
y[i,:,i]=lib.ones(2,3)*3
y[0,...]=True
y[0]=y[1]
y[:1]=y[1:]
y[0][1][2]=5
y[0]=None
y[0,1,2]=np.int64(4)
y.fill_(1j)
y.int()[0].fill_(2**40)
y[0].copy_(lib.ones(5))
y[0]=lib.ones(4)*1j
""".strip().splitlines()


def lived(lib: Any, history: str) -> Any:
    x = lib.from_numpy(np.array([[1.5, -2.0, 0.5], [3.0, 0.25, -1.0]])).requires_grad_()
    names = {"lib": lib, "x": x}
    try:
        exec(history, names)
    except Exception as error:
        return type(error)
    y = names.get("y", x)
    return (
        None if x.grad is None else as_array(x.grad),
        None if "l_()" in history or "uniform_" in history else as_array(y),
        y._version,
    )


@pytest.mark.parametrize("history", HISTORIES)
def test_history(history: str) -> None:
    theirs, ours = lived(torch, history), lived(ad, history)
    if isinstance(theirs, type) or isinstance(ours, type):
        assert ours is theirs
        return
    np.testing.assert_equal(ours, theirs)


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_assignment(assignment: str) -> None:
    answers: list[Any] = []
    for lib in (torch, ad):
        y = lib.arange(24.0).reshape(2, 3, 4)
        m = lib.ones(2, 3, dtype=lib.bool)
        m[0, 1] = False
        try:
            exec(assignment, {"lib": lib, "np": np, "y": y, "x": y.clone(), "i": lib.tensor([0, 1]), "m": m})
            answers.append(as_array(y))
        except Exception as error:
            answers.append(type(error))
    np.testing.assert_equal(answers[1], answers[0])
