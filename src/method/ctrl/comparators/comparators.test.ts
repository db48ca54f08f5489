import { expect, test } from "vitest";
import { random, scope, tensor } from "../../../tensor/index.ts";
import { discriminatorLoss, ganPlayers, ganStep, generatorLoss } from "./gan.ts";
import { vaeLoss, vaePlayers, vaeStep } from "./vae.ts";

test("the adversarial losses are their formulas", () => {
  scope(() => {
    const [real, made] = [tensor([[2], [0.5]]), tensor([[-3], [0]])];
    const log = (x: number) => Math.log(1 + Math.exp(x));
    const mean = (a: number, b: number) => (a + b) / 2;
    const expected = mean(log(-2), log(-0.5)) + mean(log(-3), log(0));
    expect(discriminatorLoss("dcgan", real, made).item()).toBeCloseTo(expected, 5);
    expect(generatorLoss("dcgan", made).item()).toBeCloseTo(mean(log(3), log(0)), 5);
    expect(discriminatorLoss("sngan", real, made).item()).toBeCloseTo(mean(0, 0.5) + mean(0, 1), 6);
    expect(generatorLoss("sngan", made).item()).toBeCloseTo(1.5, 6);
  });
});

test.each(["dcgan", "sngan"] as const)(
  "%s: steps of both players are finite and repeat for a seed",
  (kind) => {
    scope(() => {
      const images = random(1).uniform([8, 1, 32, 32], -1, 1);
      const [first, second] = [0, 1].map(() => {
        using players = ganPlayers(
          kind,
          { channels: 1, features: 6, width: kind === "dcgan" ? 4 : 16 },
          random(2),
        );
        return ganStep(kind, players, images, random(3), { features: 6 });
      });
      expect(Number.isFinite(first!.discriminator) && Number.isFinite(first!.generator)).toBe(true);
      expect(second).toEqual(first);
    });
  },
);

test("vaeLoss: the autoencoder's loss is error and divergence, and falls on the same batch and noise", () => {
  scope(() => {
    using players = vaePlayers({ channels: 1, features: 6, width: 4 }, random(4));
    const images = random(5).uniform([8, 1, 32, 32], -1, 1);
    const noise = random(6).normal([8, 6]);
    const without = vaeLoss(players, images, noise, 0).item();
    expect(vaeLoss(players, images, noise, 1).item()).toBeGreaterThan(without);
    const first = vaeStep(players, images, noise, 1e-3);
    for (let i = 0; i < 5; i++) vaeStep(players, images, noise, 1e-3);
    expect(vaeStep(players, images, noise, 1e-3)).toBeLessThan(first);
  });
});
