namespace IncusCompose.Integration.Tests.Transactions;

/// <summary>Keeps what is reported, from whichever thread.</summary>
internal sealed class Collector<T>(List<T> events) : IProgress<T>
{
    public void Report(T value)
    {
        lock (events)
            events.Add(value);
    }
}
