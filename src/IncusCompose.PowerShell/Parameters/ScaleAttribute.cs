using System.Collections;
using System.Globalization;
using System.Management.Automation;

namespace IncusCompose.PowerShell.Parameters;

/// <summary>Takes numbers of replicas as a hashtable (<c>@{ web = 5 }</c>) or as text (<c>web=5</c>).</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ScaleAttribute : ArgumentTransformationAttribute
{
    /// <summary>Called by PowerShell.</summary>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        var scale = new Dictionary<string, int>(StringComparer.Ordinal);
        switch (value)
        {
            case IReadOnlyDictionary<string, int>:
                return value;
            case IDictionary map:
                foreach (DictionaryEntry entry in map)
                    Add(entry.Key.ToString()!, entry.Value);
                return scale;
            case string text:
                AddText(text);
                return scale;
            case IEnumerable items:
                foreach (var item in items)
                    AddText((item is PSObject one ? one.BaseObject : item)?.ToString() ?? "");
                return scale;
            default:
                throw new ArgumentTransformationMetadataException("Write numbers of replicas as web=5 or @{ web = 5 }.");
        }

        void AddText(string text)
        {
            if (text.Split('=') is not [{ Length: > 0 } name, var count])
                throw new ArgumentTransformationMetadataException($"'{text}' is no number of replicas: write a name and a number, such as web=5.");
            if (scale.ContainsKey(name))
                throw new ArgumentTransformationMetadataException($"The number of replicas of {name} is said twice; say it once.");
            Add(name, count);
        }

        void Add(string name, object? count) => scale[name] =
            int.TryParse(Convert.ToString(count is PSObject one ? one.BaseObject : count, CultureInfo.InvariantCulture), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number
                : throw new ArgumentTransformationMetadataException($"'{count}' is no number of replicas of {name}: write a whole number such as 5.");
    }
}
