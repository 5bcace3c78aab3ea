"""usage: keras_speed.py MODEL.h5 forward|train BATCH THREADS SECONDS   Keras on TensorFlow: one line of JSON."""

import sys

import keras
import numpy as np
import tensorflow as tf

from timing import report

path, mode, batch, threads, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
tf.config.threading.set_intra_op_parallelism_threads(threads)
tf.config.threading.set_inter_op_parallelism_threads(1)
network = keras.models.load_model(path, compile=False)
draw = np.random.default_rng(0)
x = tf.constant(draw.random((batch, *network.input_shape[1:])).astype("float32"))
y = tf.constant(draw.integers(0, network.output_shape[-1], batch))
if mode == "train":
    optimizer = keras.optimizers.SGD(0.01, momentum=0.9)
    network.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", jit_compile=False)
    report(lambda: network.train_on_batch(x, y), seconds)
else:
    predict = tf.function(lambda images: network(images, training=False))
    report(lambda: predict(x).numpy(), seconds)
