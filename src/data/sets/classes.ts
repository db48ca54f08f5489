/** @file The names of the classes, in the order of the labels. */

export const DIGITS: readonly string[] = Array.from("0123456789");

const names = (text: string): readonly string[] => text.trim().split(/\s*,\s*/);

export const FASHION = names(
  "T-shirt/top, Trouser, Pullover, Dress, Coat, Sandal, Shirt, Sneaker, Bag, Ankle boot",
);

export const CIFAR10 = names("airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck");

export const CIFAR100 = names(`
  apple, aquarium_fish, baby, bear, beaver, bed, bee, beetle, bicycle, bottle, bowl, boy, bridge, bus, butterfly,
  camel, can, castle, caterpillar, cattle, chair, chimpanzee, clock, cloud, cockroach, couch, crab, crocodile, cup,
  dinosaur, dolphin, elephant, flatfish, forest, fox, girl, hamster, house, kangaroo, keyboard, lamp, lawn_mower,
  leopard, lion, lizard, lobster, man, maple_tree, motorcycle, mountain, mouse, mushroom, oak_tree, orange, orchid,
  otter, palm_tree, pear, pickup_truck, pine_tree, plain, plate, poppy, porcupine, possum, rabbit, raccoon, ray,
  road, rocket, rose, sea, seal, shark, shrew, skunk, skyscraper, snail, snake, spider, squirrel, streetcar,
  sunflower, sweet_pepper, table, tank, telephone, television, tiger, tractor, train, trout, tulip, turtle,
  wardrobe, whale, willow_tree, wolf, woman, worm`);
