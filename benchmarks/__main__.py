"""`python -m benchmarks`: everything that the README claims of speed and memory, measured in one go."""

from benchmarks import again, importing, normalisation, observations

if __name__ == "__main__":
    normalisation.main()
    importing.main([1_000_000, 10_000_000])
    again.main(1_000_000)
    observations.main()
