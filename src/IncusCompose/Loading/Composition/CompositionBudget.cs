namespace IncusCompose.Loading.Composition;

/// <summary>Bounds what files can grow to by including, extending and merging: hostile ones end in a diagnostic, not in exhaustion.</summary>
internal sealed class CompositionBudget
{
    /// <summary>The most files of one stack.</summary>
    public const int MostFiles = 300;

    /// <summary>The most values of a whole stack, what several instances share counted for each.</summary>
    public const int MostValues = 500_000;

    private int _files;
    private int _values;
    private int _merged;

    /// <summary>A bound was passed; going on makes no sense.</summary>
    public sealed class Exceeded(string id, string message, string advice) : Exception(message)
    {
        public string Id { get; } = id;

        public string Advice { get; } = advice;
    }

    /// <summary>One more file is read.</summary>
    public void SpendFile()
    {
        if (++_files > MostFiles)
            throw new Exceeded("TooManyFiles", $"the stack is made of more than {MostFiles} files", "include fewer");
    }

    /// <summary>A merge looks at so many entries or items.</summary>
    public void SpendMerged(int count)
    {
        // Merging touches what it merges again for every layer.
        if ((_merged += count) > 4 * MostValues)
            throw TooManyValues();
    }

    /// <summary>There is one more value in the result.</summary>
    public void SpendValue()
    {
        if (++_values > MostValues)
            throw TooManyValues();
    }

    private static Exceeded TooManyValues() =>
        new("TooManyValues", $"the stack grows beyond {MostValues} values by what is included, extended and merged", "split the stack, or extend less");
}
