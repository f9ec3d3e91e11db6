"""Distributions by torch's names with parameters to try, for any module like torch; knows no expectations."""

from __future__ import annotations

A = [0.3, 1.4, 2.5]
B = [0.7, 1.1, 3.2]
P = [0.15, 0.5, 0.8]
SHARES = [[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]]
LOGITS = [[0.2, -1.5, 0.3], [1.6, 0.1, -0.3]]
COVARIANCE = [[2.0, 0.3, -0.4], [0.3, 1.5, 0.2], [-0.4, 0.2, 0.9]]
FACTOR = [[1.1, 0.0, 0.0], [0.3, 0.8, 0.0], [-0.4, 0.2, 0.9]]

#: Name: the distribution of a module (its `distributions`, and a function that makes leaves), what has samples of it.
CASES = {
    "Normal": lambda D, t: D.Normal(t(A), t(B)),
    "LogNormal": lambda D, t: D.LogNormal(t(A), t(B)),
    "HalfNormal": lambda D, t: D.HalfNormal(t(B)),
    "Laplace": lambda D, t: D.Laplace(t(A), t(B)),
    "Cauchy": lambda D, t: D.Cauchy(t(A), t(B)),
    "HalfCauchy": lambda D, t: D.HalfCauchy(t(B)),
    "StudentT": lambda D, t: D.StudentT(t([1.5, 2.5, 7.0]), t(A), t(B)),
    "Gumbel": lambda D, t: D.Gumbel(t(A), t(B)),
    "LogisticNormal": lambda D, t: D.LogisticNormal(t(A), t(B)),
    "Uniform": lambda D, t: D.Uniform(t([-1.0, 0.0, 2.0]), t([1.0, 0.5, 5.0])),
    "ContinuousBernoulli": lambda D, t: D.ContinuousBernoulli(t(P)),
    "ContinuousBernoulli logits": lambda D, t: D.ContinuousBernoulli(logits=t(A)),
    "VonMises": lambda D, t: D.VonMises(t(A), t(B)),
    "Exponential": lambda D, t: D.Exponential(t(B)),
    "Gamma": lambda D, t: D.Gamma(t(A), t(B)),
    "Chi2": lambda D, t: D.Chi2(t(B)),
    "Beta": lambda D, t: D.Beta(t(A), t(B)),
    "Dirichlet": lambda D, t: D.Dirichlet(t([A, B])),
    "FisherSnedecor": lambda D, t: D.FisherSnedecor(t([3.0, 5.0, 6.5]), t([2.5, 4.5, 9.0])),
    "InverseGamma": lambda D, t: D.InverseGamma(t([0.8, 1.4, 2.5]), t(B)),
    "Pareto": lambda D, t: D.Pareto(t(B), t([0.8, 1.5, 4.0])),
    "Weibull": lambda D, t: D.Weibull(t(A), t(B)),
    "Kumaraswamy": lambda D, t: D.Kumaraswamy(t(A), t(B)),
    "GeneralizedPareto": lambda D, t: D.GeneralizedPareto(t(A), t(B), t([-0.4, 0.2, 0.7])),
    "Bernoulli": lambda D, t: D.Bernoulli(t(P)),
    "Bernoulli logits": lambda D, t: D.Bernoulli(logits=t(A)),
    "Geometric": lambda D, t: D.Geometric(t(P)),
    "Geometric logits": lambda D, t: D.Geometric(logits=t(A)),
    "Binomial": lambda D, t: D.Binomial(12, t(P)),
    "Binomial logits": lambda D, t: D.Binomial(40, logits=t(A)),
    "NegativeBinomial": lambda D, t: D.NegativeBinomial(t([4.0, 2.0, 7.0]), t(P)),
    "Poisson": lambda D, t: D.Poisson(t([0.4, 3.0, 20.0])),
    "Categorical": lambda D, t: D.Categorical(t(SHARES)),
    "Categorical logits": lambda D, t: D.Categorical(logits=t(LOGITS)),
    "OneHotCategorical": lambda D, t: D.OneHotCategorical(t(SHARES)),
    "OneHotCategoricalStraightThrough": lambda D, t: D.OneHotCategoricalStraightThrough(logits=t(LOGITS)),
    "Multinomial": lambda D, t: D.Multinomial(9, t(SHARES)),
    "RelaxedBernoulli": lambda D, t: D.RelaxedBernoulli(t([0.7]), t(P)),
    "RelaxedOneHotCategorical": lambda D, t: D.RelaxedOneHotCategorical(t([0.7]), logits=t(LOGITS)),
    "MultivariateNormal": lambda D, t: D.MultivariateNormal(t([A, B]), t(COVARIANCE)),
    "MultivariateNormal precision": lambda D, t: D.MultivariateNormal(t(A), precision_matrix=t(COVARIANCE)),
    "MultivariateNormal factor": lambda D, t: D.MultivariateNormal(t(A), scale_tril=t(FACTOR)),
    "LowRankMultivariateNormal": lambda D, t: D.LowRankMultivariateNormal(t(A), t([[0.3], [1.0], [-0.5]]), t(B)),
    "Wishart": lambda D, t: D.Wishart(t([5.5]), t(COVARIANCE)),
    "LKJCholesky": lambda D, t: D.LKJCholesky(3, t([0.7, 2.0])),
    "Independent": lambda D, t: D.Independent(D.Normal(t([A, B]), t([B, B])), 1),
    "TransformedDistribution": lambda D, t: D.TransformedDistribution(
        D.Normal(t(A), t(B)), [D.TanhTransform(), D.AffineTransform(0.5, -2.0)]
    ),
    "MixtureSameFamily": lambda D, t: D.MixtureSameFamily(D.Categorical(t(P)), D.Normal(t(A), t(B))),
    "MixtureSameFamily vectors": lambda D, t: D.MixtureSameFamily(
        D.Categorical(t([0.4, 0.6])), D.Independent(D.Normal(t([A, B]), t([B, B])), 1)
    ),
}
