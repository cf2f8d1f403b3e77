using System.CommandLine;
using System.Globalization;

namespace IncusCompose.Cli.Commands;

/// <summary><c>--index</c>, of the verbs that do something with one instance: which replica of a definition is meant.</summary>
internal static class ReplicaOption
{
    public static Option<int?> Create() => new("--index")
    {
        Description = "Which replica, where the name is that of a definition with several. Default: the first.",
        HelpName = "number",
        CustomParser = result =>
        {
            if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index > 0)
                return index;
            result.AddError($"--index \"{result.Tokens[0].Value}\" is no number of a replica: they are counted from 1.");
            return null;
        },
    };
}
