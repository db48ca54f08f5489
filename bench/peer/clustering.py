"""What scikit-learn can be asked for: each function prepares its work and returns what is timed, run(iterations)."""

import numpy as np
from sklearn.cluster import KMeans, SpectralClustering


def load(path, shape, dtype):
    return np.fromfile(path, dtype=dtype).reshape(shape)


def k_means(path, n, d, dtype, clusters):
    points = load(path, (n, d), dtype)

    def run(iterations):
        for i in range(iterations):
            KMeans(clusters, n_init=10, random_state=i).fit(points)

    return run


def spectral(path, n, clusters):
    affinity = load(path, (n, n), "float64")

    def run(iterations):
        for i in range(iterations):
            SpectralClustering(clusters, affinity="precomputed", n_init=10, random_state=i).fit(affinity)

    return run
