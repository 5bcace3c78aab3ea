"""usage: torch_speed.py NETWORK forward|train BATCH THREADS SECONDS channels_last|contiguous   One line of JSON."""

import sys

import torch

from networks import make
from timing import report

name, mode, batch, threads, seconds, layout = sys.argv[1], sys.argv[2], *map(float, sys.argv[3:6]), sys.argv[6]
torch.set_num_threads(int(threads))
torch.manual_seed(0)
network, shape, classes = make(name)
x, y = torch.rand(int(batch), *shape), torch.randint(0, classes, (int(batch),))
if layout == "channels_last":
    network, x = network.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)

if mode == "train":
    network.train()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9)
    loss = torch.nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss(network(x), y).backward()
        optimizer.step()
else:
    network.eval()

    def step():
        with torch.inference_mode():
            network(x)


report(step, seconds)
