"""torchvision's way from images to batches: a DataLoader over a folder of JPEGs, or over arrays of CIFAR's form."""

import sys
import types

# where torchvision's operators were built for another libtorch, their descriptions do not load; transforms need none
sys.modules["torchvision._meta_registrations"] = types.ModuleType("torchvision._meta_registrations")

import numpy
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import datasets
from torchvision import transforms as T

NORMALISE = [T.RandomHorizontalFlip(), T.ToTensor(), T.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))]


class Arrays(Dataset):
    """As datasets.CIFAR10 keeps and gives them."""

    def __init__(self, count, transform):
        self.data = numpy.random.default_rng(0).integers(0, 256, (count, 32, 32, 3), dtype=numpy.uint8)
        self.transform = transform

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        return self.transform(Image.fromarray(self.data[index])), index % 10


def loader(workers, batch, size, root=None):
    if root is None:
        data = Arrays(40 * batch, T.Compose([T.RandomCrop(size, padding=4), *NORMALISE]))
    else:
        data = datasets.ImageFolder(f"{root}/train", T.Compose([T.RandomResizedCrop(size), *NORMALISE]))
    return DataLoader(data, batch, shuffle=True, drop_last=True, num_workers=workers, persistent_workers=True)
